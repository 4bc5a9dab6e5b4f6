class BareConfig:
    def __init__(self, read_configfile=False, quietness=4):
        pass

    def get_option(self, name):
        return {'overlay_defs': '/etc/layman/overlays'}[name]
