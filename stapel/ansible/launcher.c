/* The programs of the tool chain that are linked with its C library: bin/NAME starts libexec/NAME.
 *
 * LD_PRELOAD of the image names libraries that are made for the image's C library. They are not loaded here, but the
 * user's programs get them: python puts the variable back (sitecustomize.py).
 *
 * Neither the environment nor the files of the image lead python astray:
 *
 *   -E        no PYTHON* variable counts (they still reach the user's programs)
 *   -s        nothing of the user's home is imported
 *   -B        no byte code is written: the tree is read-only and compiled already
 *   -X utf8   text is UTF-8 whatever the locale
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TREE "/.werf/stapel/embedded/"

int main(int argc, char **argv) {
    char *slash = argc ? strrchr(argv[0], '/') : 0;
    char *name = slash ? slash + 1 : argc ? argv[0] : "";
    char *preload = getenv("LD_PRELOAD");
    int python = !strncmp(name, "python", 6);
    if (preload) {
        if (python && setenv("WERF_LD_PRELOAD", preload, 1)) return 127;
        unsetenv("LD_PRELOAD");
    }
    if (!python) {
        char path[256] = TREE "libexec/";
        if (strlen(path) + strlen(name) >= sizeof path) return 127;
        execv(strcat(path, name), argv);
        return 127;
    }
    char *fixed[] = {TREE "bin/python3", "-E", "-s", "-B", "-Xutf8"};
    char **args = calloc(argc + 6, sizeof *args);
    if (!args) return 127;
    memcpy(args, fixed, sizeof fixed);
    for (int i = 1; i < argc; i++) args[i + 4] = argv[i];
    execv(TREE "libexec/python3.11", args);
    return 127;
}
