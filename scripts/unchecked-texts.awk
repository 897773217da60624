# Finds texts that can be cut, or can overflow, without anybody noticing: awk -f unchecked-texts.awk FILE... prints a line
# for each call of snprintf or vsnprintf whose result is discarded, and for each call of strncpy, strncat, strcpy, strcat,
# stpcpy, sprintf or vsprintf. base/core/text.h has what to use instead.
#
# A result is discarded where the call, behind any casts, begins a statement: behind ; { } a label, else, do or the
# parentheses of if, for, while or switch.

BEGIN {
	n = split("snprintf vsnprintf", word, " ")
	for (i = 1; i <= n; i++) checked[word[i]] = 1
	n = split("strncpy strncat strcpy strcat stpcpy sprintf vsprintf", word, " ")
	for (i = 1; i <= n; i++) never[word[i]] = 1
	n = split("if for while switch", word, " ")
	for (i = 1; i <= n; i++) heads[word[i]] = 1
}

FNR == 1 && NR > 1 { check(); }
FNR == 1 { name = FILENAME; tokens = 0; comment = 0 }
{ scan($0) }
END { if (NR) check() }

# Appends the tokens of a line: names, numbers as names, characters. Literals are one token; comments are none.
function scan(line,    c, rest, len) {
	# The body of a macro is checked like other code.
	if (!comment && sub(/^[ \t]*#[ \t]*define[ \t]+[A-Za-z_0-9]+(\([^)]*\))?/, "", line)) put(";")
	else if (!comment && line ~ /^[ \t]*#/) return
	while (line != "") {
		if (comment) {
			len = index(line, "*/")
			if (!len) return
			comment = 0
			line = substr(line, len + 2)
		} else if (match(line, /^[ \t\\]+/)) {
			line = substr(line, RLENGTH + 1)
		} else if (substr(line, 1, 2) == "/*") {
			comment = 1
			line = substr(line, 3)
		} else if (substr(line, 1, 2) == "//") {
			return
		} else if (match(line, /^"([^"\\]|\\.)*"/) || match(line, /^'([^'\\]|\\.)*'/)) {
			put("\"")
			line = substr(line, RLENGTH + 1)
		} else if (match(line, /^[A-Za-z_0-9]+/)) {
			put(substr(line, 1, RLENGTH))
			line = substr(line, RLENGTH + 1)
		} else {
			put(substr(line, 1, 1))
			line = substr(line, 2)
		}
	}
}

function put(t) {
	token[++tokens] = t
	at[tokens] = FNR
}

# Index of the parenthesis that belongs to the closing one at i.
function opening(i,    depth) {
	for (; i > 0; i--) {
		if (token[i] == ")") depth++
		if (token[i] == "(" && --depth == 0) return i
	}
	return 0
}

# Does a statement begin behind token i?
function begins(i,    k) {
	while (token[i] == ")") { # a cast, or the head of a statement
		k = opening(i)
		if (token[k - 1] in heads) return 1
		i = k - 1
	}
	if (i < 1 || token[i] ~ /^[;{}]$/ || token[i] == "else" || token[i] == "do") return 1
	if (token[i] == ":") { # of a label or case, unless a ? comes before it
		for (k = i - 1; k > 0 && token[k] !~ /^[;{}]$/; k--)
			if (token[k] == "?") return 0
		return 1
	}
	return 0
}

function check(    i) {
	for (i = 1; i < tokens; i++) {
		if (token[i + 1] != "(" || token[i - 1] == ".") continue
		if (token[i] in never)
			print name ":" at[i] ": " token[i] " does not say what it cuts: use mw_format, mw_fit or mw_clip"
		else if ((token[i] in checked) && begins(i - 1))
			print name ":" at[i] ": the result of " token[i] " is not looked at: use mw_format, mw_fit or mw_clip"
	}
	delete token
	delete at
}
