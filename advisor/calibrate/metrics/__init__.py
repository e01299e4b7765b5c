"""What makes an answer right: one measure a task, from 0 to 1, by its own rules or a well-kept
library's.
"""
