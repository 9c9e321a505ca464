"""stub"""
from pyrviewer.compute.search_estimate import everything


def search_by_bound(template, record, settings, ticket):
    return everything(template, record, settings, "because exact", ticket)
