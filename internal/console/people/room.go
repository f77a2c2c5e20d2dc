// Package people is the console's pages about users, their keys and policies,
// and accounts.
package people

import "firn/internal/console/frame"

// Room is these pages.
func Room() frame.Room {
	return frame.Room{Routes: map[string]frame.Route{
		"users":              {Show: showUsers, Do: changeUsers},
		"user":               {Show: showUser, Do: changeUser},
		"user-delete":        {Show: showDeleteUser, Do: deleteUser},
		"user-policy":        {Show: showUserPolicy, Do: putUserPolicy},
		"user-policy-remove": {Show: askAboutPolicy, Do: removePolicy},
		"managed-policy":     {Show: showManagedPolicy},
		"key-delete":         {Show: askAboutKey(deletes, "Delete"), Do: deleteKey},
		"key-disable":        {Show: askAboutKey(disables, "Disable"), Do: disableKey},
		"key-rotate":         {Show: askAboutKey(rotates, "Rotate"), Do: rotateKey},
	}}
}
