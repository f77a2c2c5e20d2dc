// Package people is the console's pages about users, their keys and policies,
// and accounts.
package people

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"users":          {Show: showUsers, Do: changeUsers},
		"user":           {Show: showUser, Do: changeUser},
		"user-delete":    {Show: showDeleteUser, Do: deleteUser},
		"user-policy":    {Show: showUserPolicy, Do: putUserPolicy},
		"managed-policy": {Show: showManagedPolicy},
		"key-delete":     {Show: showDeleteKey, Do: deleteKey},
	}}
}
