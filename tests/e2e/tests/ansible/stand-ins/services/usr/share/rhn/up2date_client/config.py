class Config(dict):
    def set(self, name, value):
        self[name] = value

    def save(self):
        pass


def initUp2dateConfig():
    return Config(serverURL='https://xmlrpc.example.org/XMLRPC', systemIdPath='/etc/sysconfig/rhn/systemid')
