"""`advisor probe endpoint`: latency, speed and caching of a server; the price is said before
anything is sent.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from advisor.cli import output
from advisor.core.errors import Cancelled, UsageError, did_you_mean

if TYPE_CHECKING:
    from advisor.core.facts import TokenPrice
    from advisor.endpoint.client import EndpointServer
    from advisor.probe.endpoint import ProbePlan


@click.command("endpoint", short_help="Time an OpenAI-compatible model server.")
@click.argument("url")
@click.option(
    "--model", default="", help="Which model to ask; needed where the server has several."
)
@click.option(
    "--requests",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="Short requests to time.",
)
@click.option(
    "--max-usd",
    type=click.FloatRange(min=0),
    metavar="X",
    help="Send nothing that could cost more than this.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1, 3600),
    default=60.0,
    metavar="S",
    help="Seconds for one answer.",
)
@click.option("--yes", is_flag=True, help="Do not ask; also where the price is not known.")
@click.option("--json", "as_json", is_flag=True, help="The whole report as JSON, for programs.")
def command(
    url: str,
    model: str,
    requests: int,
    max_usd: float | None,
    timeout: float,
    yes: bool,
    as_json: bool,
) -> None:
    """Ask the OpenAI-compatible server at URL: models, latency, tokens per second, cached-token
    counters.

    A key is taken from OPENAI_API_KEY, sent only over https or to this machine, and never kept.
    """
    from advisor.endpoint.client import server_at
    from advisor.probe.endpoint import plan, probe

    server = server_at(url, os.environ.get("OPENAI_API_KEY", "").strip(), timeout)
    output.say(f"asking {server.address} for its models, by a request without a body")
    server, models = _listed(server)
    model = _chosen(model, models, server.address)
    price = _price(server, model)
    planned = plan(model, requests, price)
    output.say(_leaving(planned, server))
    _agree(planned, model, max_usd, yes)
    report = probe(server, model, models, requests=requests, price=price, events=output.narrate)
    if as_json:
        from advisor.report.json import dump

        output.show(dump(report))
    else:
        from advisor.probe.show_machine import endpoint_lines

        output.show("\n".join(endpoint_lines(report, output.width())) + "\n")


def _listed(server: EndpointServer) -> tuple[EndpointServer, tuple[str, ...]]:
    """The server with the path under which it answers, and its models; none where it does not list
    them.
    """
    from advisor.endpoint.errors import ServerError

    try:
        return server, server.models()
    except ServerError as error:
        if error.status != 404:
            raise
        below = server.below(f"{server.path}/v1")
    if server.path.endswith("/v1"):
        return server, ()
    try:
        return below, below.models()
    except ServerError:
        return server, ()


def _chosen(model: str, models: tuple[str, ...], address: str) -> str:
    if model and (not models or model in models):
        return model
    if model:
        raise UsageError(f"{address}: no model {model!r}{did_you_mean(model, models)}")
    if len(models) == 1:
        return models[0]
    listing = (
        f"; it lists {', '.join(models[:8])}{' and more' if len(models) > 8 else ''}"
        if models
        else ""
    )
    raise UsageError(f"{address}: which model? name it with --model{listing}")


def _price(server: EndpointServer, model: str) -> TokenPrice | None:
    """The list price where the server is a known provider's; of several rows the dearest.

    Elsewhere it is unknown.
    """
    from advisor import facts
    from advisor.core.dates import today
    from advisor.store.folders import folders

    if server.is_local:
        return None
    rows = facts.load(folders().config).token_prices(model, today())
    priced = [r for r in rows if r.input_usd is not None and r.output_usd is not None]
    of_host = [r for r in priced if _plain(r.provider) in _plain(server.host)]
    return max(of_host, key=lambda r: (r.input_usd or 0.0) + (r.output_usd or 0.0), default=None)


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _leaving(plan: ProbePlan, server: EndpointServer) -> str:
    key = f", with the key in {server.where.key_name}" if server.key_is_sent else ""
    size = f"{plan.sent_bytes:,} bytes in {plan.requests} requests"
    return f"leaves    to {server.address}: {size}, none of them yours{key}"


def _agree(plan: ProbePlan, model: str, max_usd: float | None, yes: bool) -> None:
    """Say the price first, then ask.

    Raises UsageError where nobody can be asked, Cancelled on a no.
    """
    tokens = (
        f"{plan.requests} requests to {model}, about {plan.input_tokens:,} tokens in and "
        f"{plan.output_tokens:,} out"
    )
    cost = "price unknown" if plan.usd is None else f"at most about ${plan.usd:.4f}"
    output.say(f"{tokens}: {cost}")
    if plan.usd is not None and max_usd is not None and plan.usd > max_usd:
        raise UsageError(
            f"--max-usd {max_usd:g}: this could cost ${plan.usd:.4f}; allow more, or fewer "
            "--requests"
        )
    if yes or (plan.usd is not None and max_usd is not None):
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        way = "--yes" if plan.usd is None else "--yes or --max-usd"
        raise UsageError(f"{cost}: add {way} to send the requests")
    if not click.confirm("Send them?", err=True):
        raise Cancelled("cancelled: nothing was sent")
