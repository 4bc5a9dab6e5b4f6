# What all stand-ins do: note the call, and keep what is installed as lines of a file.
printf '%s\n' "${0##*/} $*" >> /calls
has() { grep -qxF -- "$1" /installed 2> /dev/null; }
add() { has "$1" || printf '%s\n' "$1" >> /installed; }
drop() {
    touch /installed
    grep -vxF -- "$1" /installed > /installed.new
    mv /installed.new /installed
}
# Does something with each argument that is not an option.
each() {
    does=$1
    shift
    for argument; do
        case $argument in -*) ;; *) "$does" "$argument" ;; esac
    done
}
last() { eval "printf '%s' \"\${$#}\""; }
