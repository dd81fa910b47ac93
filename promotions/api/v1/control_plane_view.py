"""The frame of the views about a tenant's control planes."""

from projects.models import ControlPlane
from projects.rest import TenantView
from promotions.selectors.control_planes import control_plane_named


class ControlPlaneView(TenantView):
    """A view under ``tenants/<tenant>/control-planes``, for those who administer it."""

    access_resource = "controlplanes"
    access_name_in = "plane"

    def plane(self) -> ControlPlane:
        """Return the control plane that the address names.

        Raises:
            NotFoundError: There is none.
        """
        return control_plane_named(self.tenant, str(self.kwargs["plane"]))
