"""What is different since the last verdict on a brief, for `watch` and `facts update`.

`changes` compares two records, `judging` makes the second one, `show` puts it in words.
"""
