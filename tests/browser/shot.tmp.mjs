import { chromium } from "@playwright/test";
const [,, lang="en", width="1360", ...steps] = process.argv;
const b = await chromium.launch({executablePath:"/usr/bin/chromium",args:["--no-sandbox","--disable-gpu"]});
const c = await b.newContext({baseURL:"http://127.0.0.1:8271",viewport:{width:+width,height:+width<500?780:860},locale:lang==="en"?"en-US":"ru-RU",timezoneId:"Europe/Kyiv"});
const page = await c.newPage();
page.on("console",m=>m.type()==="error"&&console.log("console:",m.text()));
page.on("pageerror",e=>console.log("error:",e.message));
const r = await c.request.post("/api/v1/session",{data:{email:"admin@acme.example",password:"browser tests need a long password"},headers:{origin:"http://127.0.0.1:8271"}});
await c.request.patch("/api/v1/me",{data:{locale:lang},headers:{origin:"http://127.0.0.1:8271"}});
let n=0;
for (const s of steps) {
  const [op,...rest]=s.split("="); const arg=rest.join("=");
  if(op==="go"){await page.goto(arg);await page.waitForTimeout(1500);}
  else if(op==="click"){await page.locator(arg).first().click();await page.waitForTimeout(600);}
  else if(op==="type"){await page.keyboard.type(arg);await page.waitForTimeout(500);}
  else if(op==="key"){await page.keyboard.press(arg);await page.waitForTimeout(700);}
  else if(op==="shot"){await page.screenshot({path:`/tmp/p2/${arg}.png`});}
  else if(op==="pdf"){await page.emulateMedia({media:"print"});await page.screenshot({path:`/tmp/p2/${arg}.png`,fullPage:true});await page.pdf({path:`/tmp/p2/${arg}.pdf`});}
}
await b.close();
