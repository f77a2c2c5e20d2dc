package console

import (
	"net/http"
	"strconv"

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
func showUsers(c *call) error {
	list := userList{After: c.query.Get("after"), MayCreate: c.may("iam:CreateUser")}
	var users iam.ListUsersResult
	if err := c.iam("ListUsers", &users, "MaxItems", strconv.Itoa(usersOnPage), "Marker", list.After); err != nil {
		return err
	}
	list.Users, list.Next = users.Users.Member, users.Marker
	p := page{Title: "Users", Tab: "users", Commands: []command{
		awsCommand("List users", "iam", "list-users"),
		awsCommand("Create one", "iam", "create-user", "user-name", "NAME"),
	}}
	if c.managesAccounts() {
		var err error
		if list.Accounts, err = c.accounts(); err != nil {
			return err
		}
		p.Commands = append(p.Commands, accountCommands()...)
	}
	p.Data = list
	return c.render(http.StatusOK, "users", p)
}

// changeUsers does what the forms of the list are for.
func changeUsers(c *call) error {
	return c.choose(map[string]func(*call) error{
		"create-user": createUser, "create-account": createAccount, "delete-account": deleteAccount,
	})
}

func createUser(c *call) error {
	name := c.form.Get("user")
	if err := c.iam("CreateUser", nil, "UserName", name); err != nil {
		return c.instead(Root+"users", err)
	}
	return c.done(link("user", "user", name), "The user %s is there. He has no rights and no key yet.", name)
}
