package catalogue

// reasonTexts are the sentences of plans and passes that are known; sentences.go recognizes the English ones.
func reasonTexts() []text {
	return []text{
		{"why.not-accepted", "not accepted yet", "inte godkänt än", "尚未接受"},
		{"why.expired", "the acceptance has expired", "godkännandet har gått ut", "此前的接受已过期"},
		{"why.over-cap", "over the cap: {0} people, {1} accepted", "över taket: {0} personer, {1} godkända", "超出上限：{0} 人，已接受 {1} 人"},
		{"why.new-set", "new set: {0}", "ny användaruppsättning: {0}", "新用户集：{0}"},
		{"why.guests", "existing guests would become Members, which was not agreed to", "befintliga gäster skulle bli medlemmar, vilket inte har godkänts", "现有来宾将变为成员，此前未就此达成一致"},
		{"why.user-type", "userType changed", "userType har ändrats", "userType 已更改"},
		{"why.budget", "{0} people would leave; the budget allows {1}", "{0} personer skulle lämna; budgeten tillåter {1}", "{0} 人将离开；预算允许 {1} 人"},
		{"why.budget-one", "1 person would leave; the budget allows {0}", "1 person skulle lämna; budgeten tillåter {0}", "1 人将离开；预算允许 {0} 人"},
		{"reason.new", "new in the target", "ny i målet", "目标中的新用户"},
		{"reason.member-unredeemed", "a Member already, but the invitation was never redeemed", "redan medlem, men inbjudan har aldrig lösts in", "已是成员，但邀请从未兑换"},
		{"reason.there", "already there", "redan på plats", "已存在"},
		{"reason.recycle-bin", "comes back from the target's recycle bin as the same object", "återställs ur målets papperskorg som samma objekt", "从目标的回收站恢复为同一对象"},
		{"reason.convert", "existing guest becomes Member", "befintlig gäst blir medlem", "现有来宾变为成员"},
		{"reason.convert-if", "existing guest becomes Member if the target agrees", "befintlig gäst blir medlem om målet går med på det", "如目标同意，现有来宾变为成员"},
		{"reason.stays-guest", "existing guest stays guest", "befintlig gäst förblir gäst", "现有来宾保持来宾身份"},
		{"reason.left-set", "no longer in a user set of this share", "inte längre i någon av delningens användaruppsättningar", "已不在此共享的任何用户集中"},
		{"reason.held", "a hold of the target keeps this person out", "en spärr i målet håller personen utanför", "目标的限制不允许此人进入"},
		{"reason.excluded", "the target's acceptance excludes this person", "målets godkännande lämnar personen utanför", "目标的批准排除了此人"},
		{"reason.untrusted", "stays: nobody is removed while a user set cannot be trusted", "är kvar: ingen tas bort medan en användaruppsättning inte går att lita på", "保留：用户集不可信时不移除任何人"},
		{"reason.account-kept", "the policy keeps the account in the target", "principen behåller kontot i målet", "策略在目标中保留该帐户"},
		{"reason.left", "left the user set", "har lämnat användaruppsättningen", "已离开用户集"},
		{"detail.waits", "waits for tenant {0}", "väntar på klientorganisation {0}", "等待租户 {0}"},
		{"cell.not-observed", "not observed completely", "inte helt avläst", "未完整观测"},
		{"cell.not-home", "no longer at home", "finns inte längre hemma", "已不在所属租户"},
		{"cell.disabled", "disabled at home", "inaktiverad hemma", "在所属租户中已禁用"},
		{"cell.guest", "invited before; stays guest until converted", "inbjuden tidigare; förblir gäst tills den görs om", "此前受邀；转换前保持来宾身份"},
		{"cell.pending", "invited, not redeemed", "inbjuden, ej inlöst", "已邀请，尚未兑换"},
		{"cell.not-created", "not created yet", "inte skapad än", "尚未创建"},
		{"cell.blocked", "sign-in is blocked in the target", "inloggning är blockerad i målet", "在目标中已阻止登录"},
		{"trigger.applied", "topology applied", "topologi verkställd", "已应用拓扑"},
		{"trigger.plan", "plan", "plan", "计划"},
	}
}
