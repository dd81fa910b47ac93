"""Gets a ServiceAccount its next token, by the one it has.

Source: Kubernetes' TokenRequest (``authentication.k8s.io/v1``). The token before it stays good
until its own end, so that nothing has to happen at once.
"""

from datetime import datetime

from common.jsontypes import JSONObject, as_object, as_text
from promotions.engine.argocd.bearer_tokens import renewal, service_account
from promotions.gateways.argocd.conversation import Conversation, Lost
from promotions.gateways.argocd.documents import quoted
from promotions.gateways.argocd.errors import Problem
from promotions.ports.argocd_errors import ArgoCDError


def renewed_token(server: Conversation, *, now: datetime) -> str:
    """Return a token to take the place of the one in use.

    Empty if it is not time for that, the token is no ServiceAccount's, or none is given out.
    """
    account, life = service_account(server.token), renewal(server.token, now=now)
    if account is None or life is None:
        return ""
    path = f"/api/v1/namespaces/{quoted(account.namespace)}/serviceaccounts/{quoted(account.name)}"
    request: JSONObject = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": int(life.total_seconds())},
    }
    try:
        answer = server.send("POST", f"{path}/token", request, doing="get its account a new token")
    except ArgoCDError:
        return ""
    if isinstance(answer, Problem | Lost):
        return ""
    return as_text(as_object(answer.get("status")).get("token"))
