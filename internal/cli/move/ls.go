package move

import (
	"context"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/names"
	"firn/internal/remote"
	"firn/treehash"
)

// A listed is a line of what ls prints with --json.
type listed struct {
	Name           string     `json:",omitempty"` // none: an archive without one
	SizeInBytes    *int64     `json:",omitempty"` // none: sealed, and not known
	Modified       *time.Time `json:",omitempty"`
	CreationDate   glacier.Time
	ArchiveID      glacier.ArchiveID `json:"ArchiveId"`
	SHA256TreeHash string            `json:",omitempty"`
	Description    string            `json:",omitempty"` // of an archive without a name
}

func lsCommand() *cobra.Command {
	var versions, ids, unnamed bool
	return cli.Verb{
		Use: "ls VAULT [PATH]", Short: "List the names of a vault",
		Long: `Lists the files in a vault by their names, as this machine's catalogue has them: the
newest version of each, or all of them with --versions. The server is not asked for
a list, because it has none; firn names rebuild reads one anew from the vault's
inventory. It is asked whose the vault is, unless --account-id says that; if nobody
answers, what is known here is listed all the same, with a warning.`,
		Example: "firn ls my-vault\nfirn ls my-vault photos/2019 --versions --ids",
		Args:    cobra.RangeArgs(1, 2), Names: true,
		JSON: "With --json, a line of JSON for each file: Name, SizeInBytes, Modified, CreationDate (of the archive), ArchiveId, SHA256TreeHash.",
		Flags: func(fs *pflag.FlagSet) {
			fs.BoolVar(&versions, "versions", false, "list all versions, the newest first")
			fs.BoolVar(&ids, "ids", false, "show the ids of the archives")
			fs.BoolVar(&unnamed, "unnamed", false, "list the archives that have no name instead")
		},
		Run: readingNames(0, func(ctx context.Context, s *cli.Session, _ *remote.Vault, c *names.Catalogue, args []string) error {
			prefix := ""
			if len(args) > 1 {
				prefix = cleanName(args[1])
			}
			if unnamed {
				return list(s, nameless(c.Unnamed(ctx)), true, "")
			}
			none := prefix
			if none == "" {
				none = "-"
			}
			return list(s, named(c.Under(ctx, prefix, versions)), ids, none)
		}),
	}.Command()
}

func named(all iter.Seq2[names.File, error]) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for f, err := range all {
			l := listed{Name: f.Path, Modified: &f.Modified, CreationDate: glacier.Time{Time: f.Created}, ArchiveID: f.Archive}
			if f.Modified.IsZero() || f.Modified.Unix() == 0 {
				l.Modified = nil
			}
			if f.Size >= 0 {
				l.SizeInBytes = &f.Size
			}
			if f.Hash != (treehash.Hash{}) {
				l.SHA256TreeHash = f.Hash.String()
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

func nameless(all iter.Seq2[names.Archive, error]) iter.Seq2[listed, error] {
	return func(yield func(listed, error) bool) {
		for a, err := range all {
			l := listed{
				SizeInBytes: &a.Size, CreationDate: glacier.Time{Time: a.Created}, ArchiveID: a.ID,
				SHA256TreeHash: a.TreeHash.String(), Description: a.Description,
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// list prints what is listed, as it comes. If there is nothing, and none is not
// empty, that is an error for a name, and worth a word for a whole vault.
func list(s *cli.Session, all iter.Seq2[listed, error], ids bool, none string) error {
	count := 0
	for l, err := range all {
		if err != nil {
			return err
		}
		count++
		if s.JSON {
			err = s.Line(l)
		} else {
			err = printListed(s, l, ids)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case count > 0, none == "":
		return nil
	case none == "-":
		s.Tell("No names are known of this vault. If it holds archives, firn names rebuild reads their names from its inventory.")
		return nil
	}
	return notFound(none)
}

func printListed(s *cli.Session, l listed, ids bool) error {
	when := l.CreationDate.Time
	if l.Modified != nil {
		when = *l.Modified
	}
	name := l.Name
	if name == "" {
		name = l.Description
	}
	size := "?"
	if l.SizeInBytes != nil {
		size = strconv.FormatInt(*l.SizeInBytes, 10)
	}
	line := fmt.Sprintf("%12s  %s  ", size, cli.Date(when))
	if ids {
		line += string(l.ArchiveID) + "  "
	}
	_, err := fmt.Fprintln(s.Out, line+cli.Printable(name))
	return err
}
