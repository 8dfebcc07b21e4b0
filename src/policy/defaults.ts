import { parseDocuments } from "./parse-documents.js";

/**
 * In force from the first start, until somebody applies something else: engineers read, writers write, admins do anything
 * that can be read; nobody changes every row by forgetting a WHERE; what identifies a person is masked in databases, and in
 * HTTP where a connection says by a label that its bodies hold such fields (a masked connection has no WebSockets). It is a starting
 * point to edit: `hoop apply` shows and replaces it like any other documents.
 */
export const defaultPolicy = `# Who may do what. Groups are yours to name; these are where a new Hoop starts.
apiVersion: hoop/v1
kind: access
metadata:
  name: engineers-read
  description: Engineers read everywhere.
spec:
  who: { group: [engineers, writers, admins] }
  where: everywhere
  effects: [read]
---
apiVersion: hoop/v1
kind: access
metadata:
  name: writers-write
  description: Writers change rows as well.
spec:
  who: { group: [writers, admins] }
  where: everywhere
  effects: [read, write]
---
apiVersion: hoop/v1
kind: access
metadata:
  name: admins-all
  description: Admins do everything that can be read in full. What cannot is refused to them as well.
spec:
  who: { group: admins }
  where: everywhere
  effects: [read, write, define, destroy, admin, execute, connect]
---
apiVersion: hoop/v1
kind: guard
metadata:
  name: destructive-needs-where
  description: A DELETE or UPDATE without WHERE changes every row. It is nearly always a slip, admins' slips included.
spec:
  where: { protocol: [postgres, mysql] }
  when: { noWhere: any }
  action: deny
  reason: DELETE and UPDATE need a WHERE; without one they change every row
---
apiVersion: hoop/v1
kind: guard
metadata:
  name: no-escape-hatches
  description: Ways out of what rules can see, such as files of the server, other servers and other roles.
spec:
  where: { protocol: [postgres, mysql] }
  except: { group: admins }
  when: { escapes: any }
  action: deny
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-email, description: E-mail addresses. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns: [email, e_mail, emails, email_address, emailaddress, "email_addr*", "*_email", "*_e_mail", "*_email_address", mail, "*_mail"]
  mask: { method: partial, as: email }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-phone, description: Phone numbers. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns: [phone, "phone_n*", phonenumber, "*_phone", "*_phone_number", mobile, "mobile_n*", "*_mobile", telephone, "telephone_n*", cell, cellphone, "cell_phone*", msisdn, fax, "*_fax"]
  mask: { method: partial, as: phone }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-card, description: Payment cards. The last four digits stay. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns: [card, "card_n*", cardnumber, cardno, "*_card", "*_card_n*", "credit_card*", creditcard, "creditcard*", "debit_card*", pan, "*_pan", "cc_*", ccnum, ccnumber]
  mask: { method: partial, as: card }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-card-code, description: Security codes of cards. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns: [cvv, cvv2, cvc, cvc2, "*_cvv", "*_cvc", card_code, security_code]
  mask: { method: "null" }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-identity, description: Numbers that identify a person or an account. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns:
    [ssn, "*_ssn", "ssn_*", "social_security*", sin, nin, "national_id*", "national_insurance*", "personal_id*", personal_number, "identity_n*", "id_card*", "tax_id*", taxid, tin,
     "passport*", "*_passport*", "driver_license*", "drivers_license*", "driving_licen*", iban, "*_iban", "iban_*", "bank_account*", "account_number", "routing_number"]
  mask: { method: redact }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-birth, description: Dates of birth. }
spec:
  where: [{ protocol: [postgres, mysql] }, { protocol: http, label: { fields: personal } }]
  except: { group: pii-readers }
  columns: [dob, "*_dob", birthday, birthdate, "birth_da*", "*_birth", "date_of_birth*", birth_year]
  mask: { method: "null" }
---
apiVersion: hoop/v1
kind: mask
metadata: { name: mask-secrets, description: "Passwords, tokens and keys. Nobody needs to read them here." }
spec:
  where: { protocol: [postgres, mysql] }
  columns:
    ["*password*", "*passwd*", "*passphrase*", pwd, "*_pwd", secret, "*_secret", "secret_*", "*_secret_key", token, "*_token", "token_hash", "api_key*", apikey, "*_api_key", "private_key*", "*_private_key", "access_key*", "*_access_key", otp_seed, totp_seed]
  mask: { method: redact }
`;

/** The default set, validated. */
export const defaultDocuments = parseDocuments(defaultPolicy, "the default policy");
