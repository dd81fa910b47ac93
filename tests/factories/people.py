"""Makes the people that tests act as: operators, alice, bob and charlie."""

from projects.models import Project, Tenant
from rbac.actors import Actor, ActorKind, Grant
from rbac.models import RoleBinding, RoleName, User

PASSWORD = "correct horse battery staple"


def make_operator(username: str = "root") -> User:
    """Return a signed-up operator, who may do everything; the password is ``PASSWORD``."""
    return User.objects.create_superuser(username, f"{username}@example.com", PASSWORD)


def make_person(username: str) -> User:
    """Return a person with no rights; the password is ``PASSWORD``."""
    return User.objects.create_user(username, f"{username}@example.com", PASSWORD)


def grant(user: User, role: RoleName, *, tenant: Tenant, project: Project | None = None) -> None:
    """Give ``user`` a role in one project, or in all of the tenant's."""
    RoleBinding.objects.create(
        user=user,
        tenant_uid=tenant.uid,
        project_uid=project.uid if project else None,
        role=role.value,
    )


def make_admin(project: Project, username: str = "alice") -> User:
    """Return the admin of ``project``."""
    return _member(project, username, RoleName.ADMIN)


def make_promoter(project: Project, username: str = "peter") -> User:
    """Return a promoter of ``project``."""
    return _member(project, username, RoleName.PROMOTER)


def make_viewer(project: Project, username: str = "bob") -> User:
    """Return a viewer of ``project``."""
    return _member(project, username, RoleName.VIEWER)


def make_stranger(tenant: Tenant | None = None, username: str = "charlie") -> User:
    """Return somebody with no rights here; with ``tenant``, the admin of all of that one."""
    user = make_person(username)
    if tenant is not None:
        grant(user, RoleName.ADMIN, tenant=tenant)
    return user


def actor_of(project: Project, role: RoleName = RoleName.ADMIN, name: str = "alice") -> Actor:
    """Return an actor who holds ``role`` in ``project``, with no row behind it."""
    return Actor(
        kind=ActorKind.USER,
        name=f"email:{name}@example.com",
        grants=(Grant(role.value, project.tenant.uid, project.uid),),
    )


def _member(project: Project, username: str, role: RoleName) -> User:
    user = make_person(username)
    grant(user, role, tenant=project.tenant, project=project)
    return user
