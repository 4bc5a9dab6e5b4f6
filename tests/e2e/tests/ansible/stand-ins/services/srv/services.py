"""A Pulp and a Satellite with one repository and one system, as far as their modules ask."""

import json
import ssl
import threading
from urllib.parse import urlsplit
from xmlrpc.server import SimpleXMLRPCRequestHandler, SimpleXMLRPCServer

REPOSITORIES = '/pulp/api/v2/repositories/'
repositories = {}
channels = ['base']


def note(text):
    with open('/calls', 'a') as calls:
        calls.write(text + '\n')


class Server(SimpleXMLRPCServer):
    def _dispatch(self, method, arguments):
        note('%s%r' % (method, arguments))
        if method == 'auth.login':
            return 'session'
        if method == 'system.listUserSystems':
            return [{'name': 'app', 'id': 1000}]
        if method == 'channel.software.listSystemChannels':
            return [{'label': label} for label in channels]
        if method == 'channel.software.getDetails':
            return {'parent_channel_label': 'base'}
        if method == 'system.setChildChannels':
            channels[:] = arguments[2]
        return 1


class Handler(SimpleXMLRPCRequestHandler):
    rpc_paths = ('/rpc/api',)
    def do_POST(self):
        if self.is_rpc_path_valid():
            super().do_POST()
        else:
            self.pulp()

    def pulp(self):
        body = self.rfile.read(int(self.headers.get('content-length') or 0)).decode()
        note(' '.join(filter(None, [self.command, self.path, body])))
        status, answer = self.answer(urlsplit(self.path).path, body)
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())

    do_GET = do_PUT = do_DELETE = pulp

    def answer(self, path, body):
        if path == '/task/':
            return 200, {'state': 'finished'}
        if path == REPOSITORIES and self.command == 'GET':
            return 200, list(repositories.values())
        if path == REPOSITORIES:
            asked = json.loads(body)
            repositories[asked['id']] = {
                'id': asked['id'],
                'distributors': [
                    {'id': one['distributor_id'], 'config': one['distributor_config']} for one in asked['distributors']
                ],
                'importers': [{'config': asked['importer_config']}],
            }
            return 201, {}
        name, _, rest = path[len(REPOSITORIES):].partition('/')
        if self.command == 'DELETE':
            del repositories[name]
        elif rest.startswith('distributors/'):
            [distributor] = repositories[name]['distributors']
            distributor['config'].update(json.loads(body)['distributor_config'])
        return 202, {'spawned_tasks': [{'_href': '/task/'}]}


plain = Server(('127.0.0.1', 8099), Handler, logRequests=False)
secure = Server(('127.0.0.1', 8443), Handler, logRequests=False)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain('/srv/certificate', '/srv/key')
secure.socket = context.wrap_socket(secure.socket, server_side=True)
threading.Thread(target=secure.serve_forever).start()
plain.serve_forever()
