package migration

import (
	"bufio"
	"fmt"
	"io"

	"firn/internal/files"
	"firn/internal/migrate"
)

// writeMap writes the list of old and new ids, if it is wanted: whole, or not at
// all.
func (q *request) writeMap(state *migrate.State) error {
	if q.mapFile == "" {
		return nil
	}
	if err := files.Write(q.mapFile, func(w io.Writer) error { return listIDs(w, state) }); err != nil {
		return fmt.Errorf("write the list of new ids: %w", err)
	}
	return nil
}

// idPage is how many ids are read at a time.
const idPage = 1000

// listIDs writes old and new ids, a tab between, a line for each archive that has
// a new one.
func listIDs(w io.Writer, state *migrate.State) error {
	out := bufio.NewWriterSize(w, 1<<20)
	for after := int64(0); ; {
		page, err := state.Renewed(after, idPage)
		if err != nil {
			return err
		}
		for _, a := range page {
			fmt.Fprintf(out, "%s\t%s\n", a.ID, a.NewID)
			after = a.N
		}
		if len(page) < idPage {
			return out.Flush()
		}
	}
}
