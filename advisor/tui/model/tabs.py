"""The tabs of the desk, in the order of their number keys. Imports nothing: the first frame shows
them.
"""

TABS = ("brief", "data", "hardware", "calibrate", "decision", "compare", "report")
