// Package jobs is the console's pages about jobs: how they stand, what they
// have found, its download, and the editor of queries.
package jobs

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"jobs":   {Show: showJobs, Do: startInventory},
		"job":    {Show: showJob},
		"output": {Show: showOutput},
		"select": {Show: showSelect, Do: startSelect},
	}}
}
