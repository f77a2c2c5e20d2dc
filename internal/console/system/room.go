// Package system is the console's pages about what belongs to the account or
// the server as a whole: how much there is and how it has grown, whether all is
// well, what may be retrieved, and who did what.
package system

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"capacity": {Show: showCapacity, Do: changeCapacity},
		"audit":    {Show: showAudit},
		"system":   {Show: showSystem},
	}}
}
