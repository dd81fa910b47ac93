"""Makes the people that tests act as: operators, alice, bob and charlie."""

from projects.models import Project, Tenant
from rbac.actors import Actor, ActorKind, Grant
from rbac.defaults import ADMIN, PROJECT_ROLES, PROMOTER, TENANT_ADMIN, VIEWER
from rbac.models import Membership, User

PASSWORD = "correct horse battery staple"


def make_operator(username: str = "root") -> User:
    """Return a signed-up operator, who may do everything; the password is ``PASSWORD``."""
    return User.objects.create_superuser(username, f"{username}@example.com", PASSWORD)


def make_person(username: str) -> User:
    """Return a person with no rights; the password is ``PASSWORD``."""
    return User.objects.create_user(username, f"{username}@example.com", PASSWORD)


def grant(user: User, role: str, *, tenant: Tenant, project: Project | None = None) -> None:
    """Give ``user`` a role of one project, or one of the tenant's own."""
    Membership.objects.create(
        user=user,
        tenant_uid=tenant.uid,
        project_uid=project.uid if project else None,
        role=role,
    )


def make_admin(project: Project, username: str = "alice") -> User:
    """Return the admin of ``project``."""
    return _member(project, username, ADMIN)


def make_promoter(project: Project, username: str = "peter") -> User:
    """Return a promoter of ``project``."""
    return _member(project, username, PROMOTER)


def make_viewer(project: Project, username: str = "bob") -> User:
    """Return a viewer of ``project``."""
    return _member(project, username, VIEWER)


def make_stranger(tenant: Tenant | None = None, username: str = "charlie") -> User:
    """Return somebody with no rights here; with ``tenant``, the admin of all of that one."""
    user = make_person(username)
    if tenant is not None:
        grant(user, TENANT_ADMIN, tenant=tenant)
    return user


def actor_of(project: Project, role: str = ADMIN, name: str = "alice") -> Actor:
    """Return an actor who holds ``role`` in ``project``, with no row behind it."""
    return Actor(
        kind=ActorKind.USER,
        name=f"email:{name}@example.com",
        grants=(Grant(role, project.tenant.uid, project.uid, rules=PROJECT_ROLES[role]),),
    )


def _member(project: Project, username: str, role: str) -> User:
    user = make_person(username)
    grant(user, role, tenant=project.tenant, project=project)
    return user
