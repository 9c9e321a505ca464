"""stub"""
def search_poses(template, record, settings, ticket):
    raise NotImplementedError
