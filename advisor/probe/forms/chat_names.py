"""What data sets call the parts of a chat: its turns and their roles, what stands beside them."""

from __future__ import annotations

from enum import StrEnum

from advisor.probe.forms.names import words_of_name


class Role(StrEnum):
    """The roles that chat templates know."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"
    CALL = "tool_call"
    """A turn that is nothing but a tool call; templates know it as an assistant's."""


_ROLES = {
    Role.SYSTEM: "system developer systemmessage preamble system_prompt",
    Role.USER: (
        "user human prompter usermessage humanmessage customer client instruction question "
        "prompt input query usr"
    ),
    Role.ASSISTANT: (
        "assistant gpt model bot chatbot chatgpt ai aimessage assistantmessage aimessagechunk "
        "llm claude gemini bard moss output response answer completion agent reasoning thinking "
        "thought"
    ),
    Role.CALL: (
        "function_call tool_call tool_calls functioncall toolcall assistant_tool_call action "
        "tool_code"
    ),
    Role.TOOL: (
        "tool function observation tool_response tool_result tool_results function_response "
        "function_result toolmessage functionmessage ipython environment tool_output "
        "function_call_output tool_outputs"
    ),
}
ROLES = {name: role for role, names in _ROLES.items() for name in names.split()}
"""Names of ShareGPT, Cohere, LangChain, MFTCoder, xtuner, Gemini and others, in lower case."""

LEARNED = frozenset((Role.ASSISTANT, Role.CALL))

CHATS = (
    "messages",
    "conversations",
    "conversation",
    "chat",
    "dialog",
    "dialogue",
    "dialogs",
    "chat_rounds",
    "contents",
    "turns",
    "rounds",
    "data",
)
"""Fields that hold a list of turns, the usual first."""

ROLE_KEYS = ("role", "from", "type", "author", "speaker", "sender", "agent")
CONTENT_KEYS = (
    "content", "value", "text", "message", "parts", "utterance", "body", "output", "summary",
)  # fmt: skip
REASONING_KEYS = (
    "reasoning_content",
    "reasoning",
    "thinking",
    "thought",
    "thoughts",
    "reasoning_details",
    "tool_plan",
    "think",
    "thinking_content",
    "reasoning_text",
)
CALL_KEYS = ("tool_calls", "function_call", "toolCalls", "functionCall")

SYSTEMS = (
    "system",
    "system_prompt",
    "systemprompt",
    "systeminstruction",
    "system_instruction",
    "system_message",
    "developer",
    "preamble",
    "custom_instructions",
    "meta_instruction",
    "sys",
    "sys_prompt",
    "sysprompt",
    "system_msg",
)
TOOLS = (
    "tools",
    "functions",
    "function",
    "tool_definitions",
    "toolconfig",
    "available_tools",
    "apis",
    "xml_tools",
    "python_tools",
)
_DEFINED = frozenset(("tool", "tools", "function", "functions", "api", "apis"))
_DEFINITIONS = frozenset((
    "available", "list", "definition", "definitions", "schema", "schemas", "spec", "specs", "json",
    "defs", "descriptions", "signatures",
))  # fmt: skip
DOCUMENTS = (
    "documents", "document", "passages", "retrieved_documents", "contexts", "docs",
    "retrieved_docs", "retrieved_contexts", "retrieved_passages", "chunks", "knowledge",
)  # fmt: skip
HISTORIES = ("history", "chat_history")


def are_definitions(name: str) -> bool:
    """Whether a field's name says that it defines tools: `available_functions`, `tool_list`."""
    words = set(words_of_name(name))
    return bool(words & _DEFINED and words & _DEFINITIONS) and words <= _DEFINED | _DEFINITIONS
