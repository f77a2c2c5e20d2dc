package move

import (
	"errors"
	"strconv"

	"github.com/spf13/pflag"

	"firn/internal/bundle"
	"firn/internal/cli"
	"firn/internal/pattern"
	"firn/internal/transfer"
)

// A size is a flag whose value is a number of bytes.
type size int64

// String implements pflag.Value.
func (n *size) String() string {
	if *n == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*n), 10)
}

// Type implements pflag.Value.
func (*size) Type() string { return "size" }

// Set implements pflag.Value.
func (n *size) Set(s string) error {
	value, err := cli.ParseSize(s)
	*n = size(value)
	return err
}

// An hourly is a size that something is held to.
type hourly struct{ size }

// Set implements pflag.Value.
func (n *hourly) Set(s string) error {
	var read size
	if err := read.Set(s); err != nil {
		return err
	}
	if read < 1<<20 {
		return errors.New("it must be at least 1M")
	}
	n.size = read
	return nil
}

// A rule is a flag that adds a rule to a list: the order in which these flags
// stand counts.
type rule struct {
	add func(string) error
}

// String implements pflag.Value.
func (rule) String() string { return "" }

// Type implements pflag.Value.
func (rule) Type() string { return "pattern" }

// Set implements pflag.Value.
func (r rule) Set(s string) error { return r.add(s) }

// ruleHelp says what patterns are, in the help.
const ruleHelp = `

In patterns, ? is one character and * are any, but for slashes; ** are any, slashes too.
A slash at the beginning ties a pattern to the top, without it it may begin in any
folder. With one at the end it is of folders: tmp/ is everything in folders called tmp,
and tmp is files called tmp. !x is what x is not. A * or a ! needs quotes in a shell.`

// ruleFlags registers the flags of a filter.
func ruleFlags(fs *pflag.FlagSet, rules *pattern.Rules) {
	fs.Var(rule{rules.Include}, "include", "files whose names match are included; the first rule that matches counts, and without a match a file is included")
	fs.Var(rule{rules.Exclude}, "exclude", "files whose names match are not")
	fs.Var(rule{rules.Filter}, "filter", `several rules at once, such as "+*.jpg -tmp/ -"`)
}

// An uploadFlags is what put and sync have in common.
type uploadFlags struct {
	rules          pattern.Rules
	followLinks    bool
	prefix         string
	detect         string
	partSize, rate size
	bundle         bool
	bundleBelow    size
	bundleSize     size
	encrypt        []string
	encryptTo      []string
	spool          string
}

func (f *uploadFlags) register(fs *pflag.FlagSet) {
	ruleFlags(fs, &f.rules)
	fs.BoolVar(&f.followLinks, "follow-links", false, "treat a symbolic link as what it leads to, instead of leaving it out")
	fs.StringVar(&f.prefix, "prefix", "", "`FOLDER` that stands before the names")
	fs.StringVar(&f.detect, "detect", "mtime", "`HOW` a file that has changed is told: "+detections())
	fs.BoolVar(&f.bundle, "bundle", false, "pack small files together, many in one archive")
	f.bundleBelow, f.bundleSize = bundle.DefaultBelow, bundle.DefaultSize
	fs.Var(&f.bundleBelow, "bundle-below", "files smaller than this are small")
	fs.Var(&f.bundleSize, "bundle-size", "size of a bundle, about")
	fs.StringArrayVar(&f.encrypt, "encrypt", nil, "encrypt archives and their names for this `KEY`, with age: age1…, or an SSH public key; several may open it if it is given several times")
	fs.StringArrayVar(&f.encryptTo, "encrypt-file", nil, "the same for each key in a `FILE`")
	fs.Var(&f.partSize, "part-size", "size of parts, a power of two from 1M to 4G (default: from 16M, so that 10,000 are enough)")
	fs.Var(&f.rate, "bwlimit", "bytes a second, all together")
	fs.StringVar(&f.spool, "spool", "", "`FOLDER` for bundles while they are made, and large parts of streams (default: the system's)")
}

// begin checks what is checked first, and sets the rate.
func (f *uploadFlags) begin(s *cli.Session) error {
	if f.partSize != 0 {
		if _, err := transfer.PartSize(1, int64(f.partSize)); err != nil {
			return cli.Wrong(err)
		}
	}
	if f.bundle && (f.bundleBelow < 1 || f.bundleBelow > bundle.MaxMember) {
		return cli.Wrong(errors.New("--bundle-below must be from 1 to 8M"))
	}
	if f.bundle && (f.bundleSize < 1<<20 || f.bundleSize > 1<<30) {
		return cli.Wrong(errors.New("--bundle-size must be from 1M to 1G"))
	}
	f.prefix = cleanName(f.prefix)
	if f.rate > 0 {
		s.Pace(transfer.Pace(int64(f.rate)))
	}
	return nil
}
