"""What this module is: one importer and the profile of one source; it keeps no tables of its own."""

from __future__ import annotations

from fenbu import Importer, Manifest, Profile
from fenbu.i18n import N_
from fenbu.importing import Field

HISTORY = """
    SELECT * FROM (
        SELECT e.BusinessEntityId AS employee, 'place' AS kind, h.StartDate AS since, h.EndDate AS last_day,
               d.Name AS department, d.GroupName AS department_group, '' AS rate,
               e.JobTitle AS job_title, e.LoginId AS login, e.NationalIdNumber AS national_id, e.BirthDate AS born
        FROM Employee AS e
        JOIN EmployeeDepartmentHistory AS h ON h.BusinessEntityId = e.BusinessEntityId
        JOIN Department AS d ON d.DepartmentId = h.DepartmentId
        UNION ALL
        SELECT e.BusinessEntityId, 'pay', p.RateChangeDate, '',
               '', '', p.Rate,
               e.JobTitle, e.LoginId, e.NationalIdNumber, e.BirthDate
        FROM Employee AS e
        JOIN EmployeePayHistory AS p ON p.BusinessEntityId = e.BusinessEntityId
    ) ORDER BY CAST(employee AS INTEGER), since, kind
"""
"""Each employee's departments and pay in the order in which they came."""

EMPLOYEES = Importer(
    name="adventureworks.employees",
    title=N_("Employees with the history of their departments and pay, a row each"),
    reference="employee",
    reader="fenbu_adventureworks.importer:Reader",
    fields=(
        Field("employee", N_("Number of the employee")),
        Field("kind", N_("What changed: place or pay")),
        Field("since", N_("First day"), "day"),
        Field("last_day", N_("Last day in a department; empty while it goes on"), "day", required=False),
        Field("department", N_("Department"), required=False),
        Field("department_group", N_("What the department is a part of"), required=False),
        Field("rate", N_("Pay of an hour"), "decimal", required=False),
        Field("job_title", N_("What the employee works as")),
        Field("login", N_("Name with which the employee logs in"), required=False),
        Field("national_id", N_("National number"), required=False),
        Field("born", N_("Day of birth"), "day", required=False),
    ),
)

ADVENTUREWORKS = Profile(
    name="adventureworks",
    title=N_("AdventureWorks, the sample database of a manufacturer of bicycles"),
    importer=EMPLOYEES.name,
    columns={field.name: field.name for field in EMPLOYEES.fields},
    format="sqlite",
    query=HISTORY,
)

MANIFEST = Manifest(
    name="adventureworks",
    title=N_("AdventureWorks"),
    summary=N_("Imports the people of a manufacturer with the history of their departments and pay"),
    requires=("fenbu>=1,<2", "capability:people"),
    importers=(EMPLOYEES,),
    profiles=(ADVENTUREWORKS,),
)
