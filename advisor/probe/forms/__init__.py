"""What a row means: its prompt, its answer, its turns, in every form that data sets have."""
