"""Reads the answers of GraphQL servers."""

from promotions.engine.analysis.providers.decoding import Decoded, decode
from promotions.engine.analysis.providers.errors import ResponseError
from promotions.engine.analysis.providers.exchange import Response


def read_answer(response: Response) -> Decoded:
    """Return the ``data`` of an answer, null if there is none.

    Raises:
        ResponseError: It is no answer, or reports errors; the message is theirs.
    """
    if not response.is_success:
        raise ResponseError(f"received non 2xx response code: {response.status} {response.text}")
    answer = Decoded(decode(response.text), "graphql.graphResponse")
    messages = [
        it.member("Message").text() for it in answer.member("Errors", "[]graphql.graphErr").items()
    ]
    if messages:
        raise ResponseError(", ".join(messages))
    return answer.member("Data", "interface {}")
