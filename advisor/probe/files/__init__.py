"""From the bytes of a data file to its rows, whatever the format: unpacked, bounded, validated."""
