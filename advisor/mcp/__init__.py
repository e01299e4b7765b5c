"""For agents: the read-only commands as tools of the Model Context Protocol, over stdin and stdout.

`commands` turns a tool call into the words of a command line, `workspace` keeps every path inside
one folder, `server` speaks the protocol. The tools run the program itself, so that an agent gets
the very JSON that a person gets.
"""
