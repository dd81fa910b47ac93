import pytest

from promotions.engine.expressions.fields import FieldExpressionError
from promotions.engine.expressions.webhook_requests import (
    WebhookRequest,
    request_environment,
    request_matches,
    selection_text,
)

REQUEST = WebhookRequest(
    headers={"X-Event": ["push", "again"]},
    parameters={"q": ["1", "2"]},
    body={"repo": {"url": "https://GitHub.com/a/b.git"}, "n": 1.0},
)
ENV = request_environment(REQUEST, parameters={"env": "prod"})


@pytest.mark.parametrize(
    ("expression", "matches"),
    [
        ("", True),
        ("request.header('x-event') == 'push'", True),
        ("request.headers('X-EVENT') == ['push', 'again']", True),
        ("request.header('none') == ''", True),
        ("len(request.headers('none')) == 0", True),
        ("request.params('q') == '1'", True),
        ("request.params('none') == ''", True),
        ("request.body.n == 1", True),
        ("request.body.absent == nil", True),
        ("normalizeGit(request.body.repo.url) == 'https://github.com/a/b'", True),
        ("normalizeImage('docker.io/library/nginx') == 'nginx'", True),
        ("normalizeChart('oci://ghcr.io/a/b') == 'ghcr.io/a/b'", True),
        ("params.env == 'dev'", False),
    ],
)
def test_conditions_look_at_the_request(expression: str, *, matches: bool) -> None:
    assert request_matches(expression, ENV, path="x") is matches


@pytest.mark.parametrize(
    "expression", ["1", "'true'", "nil", "1 +", "request.header()", "request.header(1)", "a.b"]
)
def test_a_condition_that_is_no_boolean_names_the_field(expression: str) -> None:
    path = "spec.webhookReceivers[0].generic.actions[1].whenExpression"

    with pytest.raises(FieldExpressionError) as caught:
        request_matches(expression, ENV, path=path)

    assert caught.value.path == path


@pytest.mark.parametrize(
    ("template", "text"),
    [("plain", "plain"), ("42", "42"), ("${{ params.env }}-x", "prod-x"), ("", "")],
)
def test_selection_is_by_templates(template: str, text: str) -> None:
    assert selection_text(template, ENV, path="x") == text


@pytest.mark.parametrize("template", ["${{ request.body.n }}", "${{ a.b }}", "${{ request }}"])
def test_a_selection_that_is_no_string_names_the_field(template: str) -> None:
    with pytest.raises(FieldExpressionError) as caught:
        selection_text(template, ENV, path="actions[0].name")

    assert caught.value.path == "actions[0].name"
