/* bin/python3 of the tool chain: python that neither the environment nor the files of the image lead astray.
 *
 *   -E        no PYTHON* variable counts (they still reach the user's programs)
 *   -s        nothing of the user's home is imported
 *   -B        no byte code is written: the tree is read-only and compiled already
 *   -X utf8   text is UTF-8 whatever the locale
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BIN "/.werf/stapel/embedded/bin/"

int main(int argc, char **argv) {
    char *fixed[] = {BIN "python3", "-E", "-s", "-B", "-Xutf8"};
    char **args = calloc(argc + 6, sizeof *args);
    if (!args) return 127;
    memcpy(args, fixed, sizeof fixed);
    for (int i = 1; i < argc; i++) args[i + 4] = argv[i];
    execv(BIN "python3.11", args);
    return 127;
}
