class Config(dict):
    def set(self, name, value):
        self[name] = value

    def save(self):
        pass


def initUp2dateConfig():
    return Config(serverURL='https://127.0.0.1:8443/XMLRPC', systemIdPath='/etc/sysconfig/rhn/systemid')
