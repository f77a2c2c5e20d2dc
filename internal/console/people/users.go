package people

import (
	"net/http"
	"strconv"

	"firn/internal/console/frame"
	"firn/internal/iam"
)

// usersOnPage is how many users, or accounts, a page lists.
const usersOnPage = 50

// A userList is what the list of users shows.
type userList struct {
	Users       []iam.User
	After, Next string // markers: where this page begins, and the next one
	MayCreate   bool
	Accounts    *accountList // nil if they are not the caller's to see
}

// showUsers lists the account's users.
func showUsers(c *frame.Call) error {
	list := userList{After: c.Query.Get("after"), MayCreate: c.May("iam:CreateUser")}
	var users iam.ListUsersResult
	if err := c.Iam("ListUsers", &users, "MaxItems", strconv.Itoa(usersOnPage), "Marker", list.After); err != nil {
		return err
	}
	list.Users, list.Next = users.Users.Member, users.Marker
	p := frame.Page{Title: "Users", Tab: "users", Commands: []frame.Command{
		frame.AwsCommand("List users", "iam", "list-users"),
		frame.AwsCommand("Create one", "iam", "create-user", "user-name", "NAME"),
	}}
	if managesAccounts(c) {
		var err error
		if list.Accounts, err = accounts(c); err != nil {
			return err
		}
		p.Commands = append(p.Commands, accountCommands()...)
	}
	p.Data = list
	return c.Render(http.StatusOK, "users", p)
}

// changeUsers does what the forms of the list are for.
func changeUsers(c *frame.Call) error {
	return c.Choose(map[string]func(*frame.Call) error{
		"create-user": createUser, "create-account": createAccount, "delete-account": deleteAccount,
	})
}

func createUser(c *frame.Call) error {
	name := c.Form.Get("user")
	if err := c.Iam("CreateUser", nil, "UserName", name); err != nil {
		return c.Instead(frame.Root+"users", err)
	}
	return c.Done(frame.Link("user", "user", name), "The user %s is there. He has no rights and no key yet.", name)
}
