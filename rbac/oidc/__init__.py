"""OpenID Connect as a relying party speaks it: who is trusted, what they publish and sign."""
