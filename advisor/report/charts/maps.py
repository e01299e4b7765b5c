"""Pictures of where the answer holds, of risks, of the plan and of a portfolio."""

from __future__ import annotations

from collections.abc import Sequence

from advisor.core import format as fmt
from advisor.core.verdict import Verdict
from advisor.report import extract
from advisor.report.charts import canvas
from advisor.report.charts.canvas import LEFT, RIGHT, TOP
from advisor.report.page import Chart

WORDS = {"prompt": "prompting", "tune": "tuning", "hybrid": "hybrid", "undecided": "open"}
FILLS = {"prompt": "part1", "tune": "part2", "hybrid": "part3", "undecided": "haze2"}
"""Fills differ in lightness; the word of the answer stands in every cell."""

CELL = 36.0
FIRST = 86.0  # column at which cells begin
LEVELS = ("low", "medium", "high")


def cost_map(verdict: Verdict) -> Chart | None:
    """The answer at other volumes (to the right) and other costs of a wrong answer (upwards)."""
    cells = verdict.cost_map
    volumes = sorted({cell.requests_per_month for cell in cells})
    prices = sorted({cell.error_cost_usd for cell in cells}, reverse=True)
    if len(volumes) < 2 or len(prices) < 2:
        return None
    width = (RIGHT - FIRST) / len(volumes)
    words = {(c.requests_per_month, c.error_cost_usd): c.verdict for c in cells}
    drawn = []
    twin = []
    for row, price in enumerate(prices):
        top = TOP + row * CELL
        drawn.append(canvas.text("note", FIRST - 6, top + 22, fmt.money(price), "end"))
        spoken = []
        for column, volume in enumerate(volumes):
            word = words.get((volume, price), "undecided")
            drawn.append(_cell(FIRST + column * width, top, width, word))
            spoken.append(f"{WORDS.get(word, word)} at {fmt.compact(volume)}")
        twin.append((f"{fmt.money(price)} per wrong answer", fmt.sentence_list(spoken)))
    bottom = TOP + len(prices) * CELL
    for column, volume in enumerate(volumes):
        middle = FIRST + (column + 0.5) * width
        drawn.append(canvas.text("note", middle, bottom + 16, fmt.compact(volume), "middle"))
    drawn.append(canvas.text("note", RIGHT, bottom + 34, "requests per month", "end"))
    drawn.append(canvas.text("note", LEFT, bottom + 34, "upwards: cost of a wrong answer"))
    drawn.append(_today(verdict, volumes, prices, width))
    title = "Answer by volume and by cost of a wrong answer; the frame is today"
    return Chart("map", title, canvas.svg(title, bottom + 42, drawn), tuple(twin))


def _cell(left: float, top: float, width: float, word: str) -> str:
    box = canvas.rect(FILLS.get(word, "haze2"), left + 1, top + 1, width - 2, CELL - 2)
    middle = left + width / 2
    return box + canvas.text("text", middle, top + 22, WORDS.get(word, word), "middle")


def _today(
    verdict: Verdict, volumes: Sequence[float], prices: Sequence[float], width: float
) -> str:
    """A frame around the cell of the brief's own volume and price."""
    volume = extract.number(verdict, "traffic.requests_per_month")
    price = extract.number(verdict, "quality.error_cost_usd") or 0.0
    if volume is None:
        return ""
    column = min(range(len(volumes)), key=lambda i: abs(volumes[i] - volume))
    row = min(range(len(prices)), key=lambda i: abs(prices[i] - price))
    return canvas.frame(FIRST + column * width + 1, TOP + row * CELL + 1, width - 2, CELL - 2)


def risk_matrix(risks: Sequence[tuple[str, int, int]]) -> Chart | None:
    """Risks by likelihood (to the right) and impact (upwards), 0 to 2 each; numbers as listed."""
    if not risks:
        return None
    width = (RIGHT - FIRST) / 3
    height = 52.0
    drawn = []
    for row in range(3):
        top = TOP + row * height
        drawn.append(canvas.text("note", FIRST - 8, top + 30, LEVELS[2 - row], "end"))
        for column in range(3):
            style = ("haze2", "part3", "part2")[min(2, max(0, column + 2 - row - 1))]
            left = FIRST + column * width
            drawn.append(canvas.rect(style, left + 1, top + 1, width - 2, height - 2))
            numbers = [str(i) for i, r in enumerate(risks, 1) if r[1:] == (column, 2 - row)]
            middle = left + width / 2
            drawn.append(canvas.text("text", middle, top + 30, ", ".join(numbers), "middle"))
    bottom = TOP + 3 * height
    for column, level in enumerate(LEVELS):
        middle = FIRST + (column + 0.5) * width
        drawn.append(canvas.text("note", middle, bottom + 16, level, "middle"))
    drawn.append(canvas.text("note", RIGHT, bottom + 34, "likelihood", "end"))
    drawn.append(canvas.text("note", LEFT, bottom + 34, "upwards: impact"))
    twin = tuple(
        (f"{place} {name}", f"likelihood {LEVELS[likely]}, impact {LEVELS[impact]}")
        for place, (name, likely, impact) in enumerate(risks, 1)
    )
    title = "Risks by likelihood and impact; numbers as in the table"
    return Chart("risk-matrix", title, canvas.svg(title, bottom + 42, drawn), twin)


def timeline(
    bars: Sequence[tuple[str, float, float]], gates: Sequence[tuple[str, float]]
) -> Chart | None:
    """Work as bars from week to week, gates as diamonds below."""
    weeks = max([end for _, _, end in bars] + [week for _, week in gates], default=0.0)
    if weeks <= 0:
        return None
    scale = canvas.Scale(0.0, weeks)
    bottom = TOP + 34 * (len(bars) + len(gates))
    drawn = [canvas.grid(scale, bottom, fmt.number)]
    twin = []
    for place, (name, start, end) in enumerate(bars):
        top = TOP + 34 * place
        length = fmt.weeks_long(end - start) if end - start >= 1 else fmt.days(7 * (end - start))
        drawn.append(canvas.row_label(name, length, top))
        drawn.append(canvas.rect("mark", scale(start), top + 18, scale(end) - scale(start), 9))
        twin.append((name, f"week {fmt.weeks(start)} to {fmt.weeks(end)}"))
    for place, (name, week) in enumerate(gates, len(bars)):
        top = TOP + 34 * place
        drawn.append(canvas.row_label(name, f"week {fmt.weeks(week)}", top))
        drawn.append(canvas.line("grid", canvas.LEFT, top + 23, RIGHT, top + 23))
        drawn.append(canvas.diamond("part4", scale(week), top + 23, 7))
        twin.append((f"Gate: {name}", f"week {fmt.weeks(week)}"))
    title = "Plan in weeks from the start; diamonds are gates"
    return Chart("timeline", title, canvas.svg(title, bottom + 22, drawn), tuple(twin))


def bubbles(rows: Sequence[tuple[str, float, float, float]]) -> Chart | None:
    """Briefs by saving (to the right, USD) and chance to be best (upwards); area: money invested.

    Rows are name, saving, chance and investment.
    """
    if len(rows) < 2:
        return None
    across = canvas.Scale(
        min(0.0, *(r[1] for r in rows)), max(r[1] for r in rows), 60.0, RIGHT - 34
    )
    up = canvas.Scale(0.0, 1.0, 232.0, 24.0)
    largest = max(r[3] for r in rows) or 1.0
    drawn = [canvas.grid(across, 232.0, canvas.tick_money)]
    drawn += [canvas.text("note", LEFT, up(t) + 4, fmt.share(t)) for t in (0.0, 0.5, 1.0)]
    twin = []
    for place, (name, saving, chance, invest) in enumerate(rows, 1):
        radius = 5 + 22 * (max(invest, 0.0) / largest) ** 0.5
        x = across(saving)
        whole = (0.0, 0.0, float(canvas.WIDTH), 254.0)
        drawn.append(canvas.ellipse("mark", x, up(chance), radius, radius, 0.0, whole))
        drawn.append(canvas.text("text", x, up(chance) + 4, str(place), "middle"))
        words = f"saves {fmt.money(saving)}, best in {fmt.of_hundred(chance)} of 100"
        twin.append((f"{place} {name}", f"{words}, invests {fmt.money(invest)}"))
    title = "Saving (to the right) and confidence (upwards); the area is the investment"
    return Chart("bubbles", title, canvas.svg(title, 254.0, drawn), tuple(twin))
