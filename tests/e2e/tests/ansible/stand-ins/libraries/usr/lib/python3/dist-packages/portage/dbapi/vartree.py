class vardbapi:
    def match(self, atom):
        with open('/calls', 'a') as calls:
            calls.write('vardbapi.match %s\n' % atom)
        try:
            with open('/installed') as installed:
                return [line for line in installed.read().splitlines() if line == atom]
        except FileNotFoundError:
            return []
