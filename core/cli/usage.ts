/** What `sluice` says when its arguments make no sense; the shape of HAProxy's own help, which goes to stderr. */
export const USAGE: string = `Usage : sluice [-f <cfgfile|cfgdir>]* [ -vdVD ] [ -n <maxconn> ] [ -N <maxpconn> ]
        [ -p <pidfile> ] [ -m <max megs> ] [ -C <dir> ] [-- <cfgfile>*]
        -v displays version ; -vv shows what is built in.
        -d enters debug mode ; -db only disables background mode.
        -V enters verbose mode (disables quiet mode)
        -D goes daemon ; -C changes to <dir> before loading files.
        -W master-worker mode.
        -Ws master-worker mode with systemd notify support.
        -q quiet mode : don't display messages
        -c check mode : only check config files and exit
        -cc check condition : evaluate a condition and exit
        -n sets the maximum total # of connections
        -m limits the usable amount of memory (in MB)
        -N sets the default, per-proxy maximum # of connections
        -L set local peer name (default to hostname)
        -p writes pids of all children to this file
        -dK{class[,...]} dump registered keywords (use 'help' for list)
        -dW fails if any warning is emitted
        -dD diagnostic mode : warn about suspicious configuration statements
        -sf/-st [pid ]* finishes/terminates old pids.
        test [files] runs tests of a configuration ; 'sluice test --help'
        -dA -dC -dL -dV -dt -S -x are known and not available : each says why
        sluice plugins lists what a configuration loads ; create-plugin makes a package, plugin-readme its tables of words
        sluice agent <name> runs an SPOE agent ; sluice spop-dump shows what they talk : each has --help
`;
