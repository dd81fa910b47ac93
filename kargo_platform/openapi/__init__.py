"""The OpenAPI description of the REST APIs, made from the URL table."""
