"""What Argo CD Applications say, and what is to be done about it: pure rules on what was read.

Source: Kargo's ``argocd-update`` and ``argocd-wait`` steps and its health checker.
"""
