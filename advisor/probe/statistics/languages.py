"""Which language a text is in, by its script and its commonest small words: a sketch for a mix, not
for one text.
"""

from __future__ import annotations

LEAST_HITS = 2

_SMALL_WORDS = {
    "English": "the of and to in is that it for was with as on be at by this have from or are "
    "not you my "
    "i a do what can why how when will would has had they he she we me if so but there which "
    "does did much",
    "German": "der die das und ist nicht ein eine zu den von mit auf für dem sich des auch als "
    "wie ich wir sie",
    "French": "le la les de des et est un une pour que qui dans pas sur au avec ce il vous "
    "nous je du",
    "Spanish": "el la los las de que y en un una es por con para no se del al lo como más su yo",
    "Italian": "il lo la gli di che e è un una per non con sono del della nel si come più al ho",
    "Portuguese": "o a os as de que e em um uma é para com não por do da no na se mais como eu",
    "Dutch": "de het een en van is dat niet op te zijn voor met die aan er ook als maar ik je we",
    "Swedish": "och att det som en på är av för med den till inte har jag om ett men de vi",
    "Danish": "og at det en den til er som på de med han af for ikke der var jeg et har vi",
    "Polish": "i w nie na że się z do to jest jak co po od za przez ale czy dla tym są",
    "Turkish": "ve bir bu da de için ile çok ne var daha olarak gibi kadar ben mi değil o en sonra",
    "Czech": "a se na je že v to s i z do jako za by ale pro jsem jsou po od tak není",
    "Indonesian": "yang dan di itu dengan untuk tidak ini dari dalam akan pada saya ke ada "
    "adalah bisa atau juga",
}
_BY_WORD = {
    word: tuple(name for name, words in _SMALL_WORDS.items() if word in words.split())
    for words in _SMALL_WORDS.values()
    for word in words.split()
}
_SCRIPTS = (
    (0x3040, 0x30FF, "Japanese"),
    (0xAC00, 0xD7AF, "Korean"),
    (0x4E00, 0x9FFF, "Chinese"),
    (0x0400, 0x04FF, "Cyrillic script"),
    (0x0600, 0x06FF, "Arabic script"),
    (0x0900, 0x097F, "Devanagari script"),
    (0x0370, 0x03FF, "Greek"),
    (0x0590, 0x05FF, "Hebrew"),
    (0x0E00, 0x0E7F, "Thai"),
)
UNDECIDED = "undecided"


def language_of(text: str, words: list[str]) -> str:
    """The language of a text with these lower-case words, or `undecided` where small words are too
    few or even.
    """
    if not text.isascii():
        script = _script(text)
        if script:
            return script
    hits: dict[str, int] = {}
    for word in words[:400]:
        for name in _BY_WORD.get(word, ()):
            hits[name] = hits.get(name, 0) + 1
    ranked = sorted(hits.items(), key=lambda hit: -hit[1])
    if (
        not ranked
        or ranked[0][1] < LEAST_HITS
        or (len(ranked) > 1 and ranked[0][1] == ranked[1][1])
    ):
        return UNDECIDED
    return ranked[0][0]


def _script(text: str) -> str:
    """A script other than Latin that a fifth of the first letters are in; kana decide for
    Japanese.
    """
    sample = [ord(c) for c in text[:1000] if c.isalpha()]
    counts = {name: sum(low <= c <= high for c in sample) for low, high, name in _SCRIPTS}
    if 20 * counts["Japanese"] > len(sample):
        return "Japanese"
    name, most = max(counts.items(), key=lambda item: item[1])
    return name if 5 * most > len(sample) > 0 else ""
