// Package archives is the console's pages about what is in a vault: finding,
// uploading, retrieving and deleting archives, one, several, or all of them.
package archives

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	e := newErrands()
	return frame.Room{Close: e.close, Routes: map[string]frame.Route{
		"archives": {Show: showArchives, Do: actOnArchives},
		"archive":  {Show: showArchive},
		"retrieve": {Show: e.showRetrieving, Do: e.retrieveAll},
		"empty":    {Show: e.showEmptying, Do: e.empty},
		"upload":   {Show: showUpload, Do: abortUpload},
	}}
}
