"""Access for the REST APIs: tokens, declared access and the routes' methods.

Nothing is imported here: Django REST framework imports ``authentication`` and ``permissions``
while it is itself being imported.
"""
