class InvalidAtom(Exception):
    pass
