// Package vaults is the console's pages about vaults and who may do what with
// them: tags, notifications, access policies and locks. What is in a vault is
// another room's.
package vaults

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"vaults":        {Show: showVaults, Do: createVault},
		"vault":         {Show: showVault, Do: deleteVault},
		"tags":          {Show: showTags, Do: changeTags},
		"notifications": {Show: showNotifications, Do: changeNotifications},
		"policy":        {Show: showPolicy, Do: changePolicy},
		"lock":          {Show: showLock, Do: changeLock},
		"lock-test":     {Show: showLockTest},
		"lock-complete": {Show: showCompleteLock, Do: completeLock},
	}}
}
