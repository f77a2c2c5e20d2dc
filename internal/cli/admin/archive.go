package admin

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"firn/glacier"
	"firn/internal/cli"
	"firn/internal/names"
	"firn/internal/remote"
)

func archiveDelete() *cobra.Command {
	return cli.Verb{
		Use: "delete VAULT ID…", Short: "Delete archives",
		Long: `Delete archives by their ids, for good; - in place of the ids reads them from standard
input, one a line. That one was deleted before is a success. Their names, if the vault has any, are
forgotten; firn rm deletes by names.`,
		Example: "firn archive delete photos \"$ARCHIVE\"\nfirn archive delete photos - < ids.txt",
		JSON:    `With --json a line is printed for each archive: {"ArchiveId":…}, and with "Error" if it was not deleted.`,
		Args:    cobra.MinimumNArgs(2), Changes: true, Parallel: 8, Names: true,
		Run: vaultVerb(func(ctx context.Context, s *cli.Session, v *remote.Vault, ids []string) error {
			if len(ids) == 1 && ids[0] == "-" {
				list, err := s.Input("-", maxIDs)
				if err != nil {
					return err
				}
				ids = strings.Fields(string(list))
			}
			for i := range ids {
				ids[i] = cli.ID(ids[i])
			}
			known := s.KnownCatalogue(ctx, v)
			if known != nil {
				defer known.Close()
			}
			return deleteArchives(ctx, s, v, known, ids)
		}).in(),
	}.Command()
}

// maxIDs is how much is read of a list of ids: more than a million of them.
const maxIDs = 256 << 20

// A deletion is what became of one.
type deletion struct {
	ArchiveID string `json:"ArchiveId"`
	Error     string `json:",omitempty"`
}

func deleteArchives(ctx context.Context, s *cli.Session, v *remote.Vault, known *names.Catalogue, ids []string) error {
	var mu sync.Mutex
	var failed []error
	err := cli.Each(ctx, s.Parallel, ids, func(ctx context.Context, id string) error {
		var err error
		if !s.DryRun {
			err = deleteArchive(ctx, v, known, glacier.ArchiveID(id))
		}
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			did := "deleted "
			if s.DryRun {
				did = "would delete "
			}
			err = said(s, deletion{ArchiveID: id}, did+id)
		} else if s.JSON {
			err = cmp.Or(s.Line(deletion{id, err.Error()}), err)
		} else if ctx.Err() == nil {
			s.Warn("archive %s: %v", id, err)
		}
		if err != nil {
			failed = append(failed, err)
		}
		return nil
	})
	switch {
	case err != nil:
		return err
	case len(failed) == 0:
		return nil
	case len(failed) == len(ids):
		return cli.Errorf(cli.Code(failed[0]), "nothing is deleted: %w", failed[0])
	}
	return cli.Errorf(cli.Partly, "%d of %s are not deleted", len(failed), cli.Count(int64(len(ids)), "archive"))
}

// deleteArchive deletes an archive, and its names.
func deleteArchive(ctx context.Context, v *remote.Vault, known *names.Catalogue, id glacier.ArchiveID) error {
	if known != nil {
		if err := known.Doom(ctx, id); err != nil {
			return err
		}
	}
	if err := v.DeleteArchive(ctx, id); err != nil {
		return spare(ctx, known, id, err)
	}
	return forget(ctx, known, id)
}

// spare says that an archive is still there, if that is certain.
func spare(ctx context.Context, known *names.Catalogue, id glacier.ArchiveID, err error) error {
	if _, kept := errors.AsType[*remote.Kept](err); known == nil || !kept {
		return err
	}
	return errors.Join(err, known.Spare(context.WithoutCancel(ctx), id))
}

// forget takes a deleted archive out of the vault's names, if there are any.
func forget(ctx context.Context, known *names.Catalogue, id glacier.ArchiveID) error {
	if known == nil {
		return nil
	}
	return known.Remove(ctx, id)
}
