package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Ids of archives, uploads, jobs and locks may begin with a hyphen, and would be
// taken for flags. In arguments they can be written with this before them, and
// Arguments writes it before those that are an id beyond doubt.
const idPrefix = "id:"

// Arguments prepares a command line for cobra: what has the form of an id is an
// argument, even if it begins with a hyphen. What follows a -- is not touched.
func Arguments(root *cobra.Command, args []string) []string {
	prepared := append([]string(nil), args...)
	for i, arg := range prepared {
		if arg == "--" {
			break
		}
		if strings.HasPrefix(arg, "-") && isID(arg) && !isFlag(root, arg) {
			prepared[i] = idPrefix + arg
		}
	}
	return prepared
}

// isID reports whether a string has the form of an id: of an archive, of a job
// or upload, or of a lock.
func isID(s string) bool {
	if len(s) != 138 && len(s) != 92 && len(s) != 24 {
		return false
	}
	for _, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return false
		}
	}
	return true
}

// isFlag reports whether any command has a flag of this name.
func isFlag(cmd *cobra.Command, arg string) bool {
	name, long := strings.CutPrefix(arg, "--")
	if !long {
		return false // none of the short ones has a value that would be as long
	}
	if cmd.Flags().Lookup(name) != nil || cmd.PersistentFlags().Lookup(name) != nil {
		return true
	}
	for _, sub := range cmd.Commands() {
		if isFlag(sub, arg) {
			return true
		}
	}
	return false
}

// ID is an id as it stands in an argument, without the id: that may be before
// it. A verb that also takes other things there asks for it itself.
func ID(arg string) string { return strings.TrimPrefix(arg, idPrefix) }

// IDVar registers a flag whose value is an id.
func IDVar(fs *pflag.FlagSet, value *string, name, usage string) {
	fs.Var((*idValue)(value), name, usage)
}

type idValue string

func (v *idValue) Set(s string) error { *v = idValue(ID(s)); return nil }
func (v *idValue) String() string     { return string(*v) }
func (v *idValue) Type() string       { return idType }

const idType = "ID"
