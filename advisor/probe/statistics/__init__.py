"""What is counted over the examples: lengths, copies, suspects, personal data, languages."""
